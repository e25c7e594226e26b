// What the compiler must refuse: a state that does not exist, a field that was not asked for, a number for an amount.
import { all, type Line } from './contracts.js';

// @ts-expect-error there is no such state
void all('', '', 'SLEEPING');
// @ts-expect-error nobody asked for the purpose
export const purpose = (line: Line): string => line.purpose;
// @ts-expect-error a Decimal is a text
export const sum = (line: Line): number => line.amounts[0];
