/**
 * Exact sum of two decimals in plain notation (`-12.5`), as DynamoDB adds numbers; doubles would lose digits.
 * @param sign -1 subtracts `right`
 */
export function addDecimals(left: string, right: string, sign: 1 | -1): string {
  const scale = Math.max(fractionOf(left).length, fractionOf(right).length);
  const sum = scaled(left, scale) + BigInt(sign) * scaled(right, scale);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}

function fractionOf(decimal: string): string {
  return decimal.split('.')[1] ?? '';
}

function scaled(decimal: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}
