from .stats import RTCStatsReport


def collect_statistics(session, selector):
    return RTCStatsReport()
