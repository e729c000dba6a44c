// The total of an order in cents.
exports.total = (lines) => lines.reduce((sum, line) => sum + line.cents * line.count, 0);
