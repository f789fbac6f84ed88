/** Beginnings of reasons why a change is equivalent. */
export const NEVER_NULL = 'the type allows null, but what was checked before does not: ';
export const FOR_THE_TYPE = 'only the type needs it: ';
