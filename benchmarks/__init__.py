"""Side-by-side runs of Carebridge and the engines its users might take instead.

``python -m benchmarks.engines`` runs one model in every engine that is installed, checks that they agree, and prints
events per second. The peers come with ``pip install -e '.[bench]'``.
"""
