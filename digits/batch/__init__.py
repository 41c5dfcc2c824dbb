"""Very many pictures: read by Ray on this machine or on a cluster, written as Parquet.

A run lists its pictures once (`listing`), cuts the list into chunks and keeps it beside the output
(`plan`). Workers turn chunks into the bytes of Parquet files (`scoring`), and only the process
that was started writes those (`output`). A chunk whose file is there is done: that is all the
state there is, so a run that was killed anywhere goes on, and every picture is there once.
"""
