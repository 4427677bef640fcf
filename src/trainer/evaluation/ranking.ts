/** Area under the ROC curve; ties count half (Mann and Whitney). Null without both sides. `y` is 1 or 0. */
export function auroc(scores: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const order = ascending(scores);
  let present = 0;
  let rankSum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) {
      if (y[order[i]] !== 1) continue;
      present++;
      rankSum += rank;
    }
    from = to;
  }
  const absent = order.length - present;
  if (present === 0 || absent === 0) return null;
  return (rankSum - (present * (present + 1)) / 2) / (present * absent);
}

/**
 * The placement of every observation among the other side (DeLong, DeLong and Clarke-Pearson, Biometrics 1988): of a positive the share of
 * negatives below it, of a negative the share of positives above it, ties half. Their mean on either side is the AUROC. Null without both sides.
 */
export function placements(scores: ArrayLike<number>, y: ArrayLike<number>): Float64Array | null {
  const order = ascending(scores);
  const present = order.reduce((sum, i) => sum + (y[i] === 1 ? 1 : 0), 0);
  const absent = order.length - present;
  if (present === 0 || absent === 0) return null;
  const out = new Float64Array(order.length);
  let [positives, negatives] = [0, 0];
  for (let from = 0; from < order.length;) {
    let to = from;
    let tied = 0;
    while (to < order.length && scores[order[to]] === scores[order[from]]) tied += y[order[to++]] === 1 ? 1 : 0;
    const tiedAbsent = to - from - tied;
    for (const i of order.slice(from, to))
      out[i] = y[i] === 1 ? (negatives + tiedAbsent / 2) / absent : (present - positives - tied / 2) / present;
    positives += tied;
    negatives += tiedAbsent;
    from = to;
  }
  return out;
}

/** Average precision: sum over thresholds of (recall gained) x precision, ties as one threshold. Null without a positive. */
export function averagePrecision(scores: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const order = ascending(scores).reverse();
  const total = order.reduce((sum, i) => sum + (y[i] === 1 ? 1 : 0), 0);
  if (total === 0) return null;
  let found = 0;
  let sum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    let gained = 0;
    while (to < order.length && scores[order[to]] === scores[order[from]]) {
      if (y[order[to]] === 1) gained++;
      to++;
    }
    found += gained;
    sum += (gained / total) * (found / to);
    from = to;
  }
  return sum;
}

function ascending(scores: ArrayLike<number>): number[] {
  return Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a] - scores[b] || a - b);
}
