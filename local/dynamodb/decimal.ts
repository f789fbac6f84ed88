/**
 * Exact sum of two decimals in plain notation (`-12.5`), as DynamoDB adds numbers; doubles would lose digits.
 * @param sign -1 subtracts `right`
 */
export function addDecimals(left: string, right: string, sign: 1 | -1): string {
  const scale = commonScale(left, right);
  const sum = scaled(left, scale) + BigInt(sign) * scaled(right, scale);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Negative when `left` is less than `right`, 0 when they are equal. */
export function compareDecimals(left: string, right: string): number {
  const scale = commonScale(left, right);
  const difference = scaled(left, scale) - scaled(right, scale);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** How many digits after the point it takes to write both. */
function commonScale(left: string, right: string): number {
  return Math.max(fractionOf(left).length, fractionOf(right).length);
}

function fractionOf(decimal: string): string {
  return decimal.split('.')[1] ?? '';
}

function scaled(decimal: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}
