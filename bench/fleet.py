"""How many instances a load takes, by simulation: random arrivals, bounded queues, some balancing.

    uv run bench/fleet.py --rate 1000/min --cpu-ms 25 [--workers 4] [--price 0.169] [--seed N]

Each instance has workers that read one picture at a time and a queue for each, as the server has;
a full queue answers 503. The balancer looks at two instances and takes the less busy one; within
it the kernel gives a request to any worker, busy or not, as it does with the server's. Prints
the smallest fleet with which, after the loss of one instance, no request is refused and 99 of 100
are answered in time; what it costs; and what a sudden doubling does until more instances come.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass, replace

SPREAD = 0.5
"""Standard deviation of the time that a picture takes over its mean: photos differ."""

ARRIVALS = 40_000
"""Requests of one simulation, and never less than its seconds."""

SECONDS = 60.0
"""Near its capacity a fleet takes a while to show how long its queues become."""

SLICE = 8
"""Instances of a large fleet that are looked at for minutes."""


@dataclass(frozen=True)
class Fleet:
    """So many instances of so many workers, each of which takes ``service_s`` for a picture."""

    instances: int
    workers: int
    service_s: float
    queue: int = 64

    @property
    def capacity(self) -> float:
        """Pictures a second, with every worker busy."""
        return self.instances * self.workers / self.service_s


@dataclass(frozen=True)
class Outcome:
    """What became of the requests: seconds from arrival to answer, and the share refused."""

    latencies: tuple[float, ...]
    refused: float
    busy: float

    def percentile(self, share: float) -> float:
        """The latency that this share of the answered requests stays within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def simulate(
    fleet: Fleet,
    rate: float,
    *,
    seconds: float,
    seed: int = 0,
) -> Outcome:
    """Let requests arrive at random, ``rate`` a second, for so many seconds."""
    rng = random.Random(seed)
    free = [[0.0] * fleet.workers for _ in range(fleet.instances)]
    latencies, refused, worked = [], 0, 0.0
    now = 0.0
    while (now := now + rng.expovariate(rate)) < seconds:
        instance = _less_busy(rng, free, now)
        worker = rng.randrange(fleet.workers)
        service = rng.lognormvariate(*_lognormal(fleet.service_s))
        waits = max(0.0, instance[worker] - now)
        if waits > fleet.queue * fleet.service_s:
            refused += 1
            continue
        instance[worker] = now + waits + service
        worked += service
        latencies.append(waits + service)
    total = len(latencies) + refused
    busy = worked / (seconds * len(free) * fleet.workers)
    return Outcome(tuple(latencies), refused / total if total else 0.0, busy)


def smallest(
    rate: float, *, workers: int, service_s: float, within_s: float, seed: int = 0
) -> Fleet:
    """The smallest fleet that serves ``rate`` a second in time with one of its instances lost."""
    fleet = Fleet(2, workers, service_s)
    fleet = replace(fleet, instances=max(2, int(rate * service_s / workers) + 1))
    while not _serves(fleet, rate, within_s, seed):
        fleet = replace(fleet, instances=fleet.instances + max(1, fleet.instances // 100))
    return fleet


def _serves(fleet: Fleet, rate: float, within_s: float, seed: int) -> bool:
    rest = replace(fleet, instances=fleet.instances - 1)
    if rest.capacity <= rate:
        return False
    seconds = max(SECONDS, ARRIVALS / rate)
    outcome = simulate(rest, rate, seconds=seconds, seed=seed)
    return outcome.refused == 0 and outcome.percentile(0.99) <= within_s


def doubling(fleet: Fleet, rate: float, *, delay_s: float, seed: int = 0) -> Outcome:
    """Twice the rate for ``delay_s``, until as many instances again are there."""
    return simulate(fleet, 2 * rate, seconds=delay_s, seed=seed)


def cost_per_million(fleet: Fleet, rate: float, price: float) -> float:
    """What a million pictures cost when the fleet runs all the time at this rate."""
    return fleet.instances * price / (rate * 3600) * 1e6


def _less_busy(rng: random.Random, free: list[list[float]], now: float) -> list[float]:
    one, other = rng.choice(free), rng.choice(free)
    return min(one, other, key=lambda workers: sum(max(0.0, at - now) for at in workers))


def _lognormal(mean: float) -> tuple[float, float]:
    """The parameters of a lognormal distribution with this mean, spread as pictures are."""
    variance = math.log(1 + SPREAD**2)
    return math.log(mean) - variance / 2, math.sqrt(variance)


def main() -> None:
    """Work out one load and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rate", type=_rate, required=True, help="pictures, as 1000/min or 50/s")
    parser.add_argument("--cpu-ms", type=float, required=True, help="processor time of a picture")
    parser.add_argument("--workers", type=int, default=4, help="of an instance: its cores")
    parser.add_argument("--within-ms", type=float, default=1000.0, help="for 99 of 100 requests")
    parser.add_argument("--memory-mib", type=float, default=0.0, help="of an instance")
    parser.add_argument("--price", type=float, help="of an instance, for an hour")
    parser.add_argument("--delay-s", type=float, default=300.0, help="until a new instance serves")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    service_s = args.cpu_ms / 1000
    fleet = smallest(
        args.rate,
        workers=args.workers,
        service_s=service_s,
        within_s=args.within_ms / 1000,
        seed=args.seed,
    )
    seconds = max(SECONDS, ARRIVALS / args.rate)
    usual = simulate(fleet, args.rate, seconds=seconds, seed=args.seed)
    rest = replace(fleet, instances=fleet.instances - 1)
    lost = simulate(rest, args.rate, seconds=seconds, seed=args.seed)
    print(f"{args.rate:.1f} pictures/s: {fleet.instances} instances of {args.workers} workers")
    print(f"busy {usual.busy:.0%}, p99 {usual.percentile(0.99) * 1000:.0f} ms", end="; ")
    print(f"one lost: busy {lost.busy:.0%}, p99 {lost.percentile(0.99) * 1000:.0f} ms")
    if args.memory_mib:
        print(f"memory {fleet.instances * args.memory_mib / 1024:.1f} GiB")
    if args.price:
        print(f"{cost_per_million(fleet, args.rate, args.price):.2f} for a million pictures")
    part = min(1.0, SLICE / fleet.instances)  # of a large fleet; the rest fares alike
    slice_ = replace(fleet, instances=round(fleet.instances * part))
    sudden = doubling(slice_, args.rate * part, delay_s=args.delay_s, seed=args.seed)
    print(f"doubled at once, as many again after {args.delay_s:g} s: {sudden.refused:.0%} refused")


def _rate(text: str) -> float:
    number, _, unit = text.partition("/")
    try:
        return float(number) / {"min": 60, "s": 1}[unit]
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"write 1000/min or 50/s, not {text!r}") from None


if __name__ == "__main__":
    main()
