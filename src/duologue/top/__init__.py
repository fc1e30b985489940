"""`duologue top`: how the service is, from what its processes tell of themselves, and from nothing else.

`ask.py` finds the processes and asks them. `figures.py` ● makes sums, rates and percentiles of two answers of each,
`view.py` ● is what there is to see, `read.py` ● makes it of the figures, and `problems.py` ● says what is wrong.
`draw.py` puts it on a terminal.
"""
