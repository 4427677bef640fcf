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
