// Reads the statistics of a connection as the few figures that the page shows.

function selectedPair(report) {
  const all = [...report.values()];
  const transport = all.find(({ type }) => type === "transport");
  const id = transport?.selectedCandidatePairId;
  return report.get(id) ?? all.find((pair) => pair.type === "candidate-pair" && pair.selected);
}

function describeCandidate(candidate) {
  if (!candidate) return "not yet";
  const { address, ip, port, candidateType, protocol } = candidate;
  const host = address ?? ip ?? "hidden";
  return `${host.includes(":") ? `[${host}]` : host}:${port} ${candidateType} ${protocol}`;
}

function find(report, type, kind) {
  return [...report.values()].find((stats) => stats.type === type && stats.kind === kind);
}

// Figures since `before`, an earlier result of this function; null at the first call.
export function readFigures(report, before) {
  const pair = selectedPair(report);
  const picture = find(report, "inbound-rtp", "video");
  const sound = find(report, "inbound-rtp", "audio");
  const figures = {
    at: pair?.timestamp ?? performance.now(),
    local: describeCandidate(report.get(pair?.localCandidateId)),
    remote: describeCandidate(report.get(pair?.remoteCandidateId)),
    roundTrip: (pair?.currentRoundTripTime ?? 0) * 1000,
    bytesReceived: pair?.bytesReceived ?? 0,
    bytesSent: pair?.bytesSent ?? 0,
    framesDecoded: picture?.framesDecoded ?? 0,
    soundEnergy: sound?.totalAudioEnergy ?? 0,
    soundLevel: sound?.audioLevel ?? 0,
    voiceLevel: find(report, "media-source", "audio")?.audioLevel ?? 0,
  };
  const seconds = before ? (figures.at - before.at) / 1000 : 0;
  const rate = (name) => (seconds > 0 ? Math.max(0, figures[name] - before[name]) / seconds : 0);
  figures.receiving = (rate("bytesReceived") * 8) / 1000;
  figures.sending = (rate("bytesSent") * 8) / 1000;
  figures.pictures = rate("framesDecoded");
  return figures;
}
