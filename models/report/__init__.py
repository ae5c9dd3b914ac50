"""The report."""


def write_report(folder, outcome):
    return []
