/** Where `keyturn local` serves, unless told otherwise. */
export const DEFAULT_PORT = 4599;

export const DEFAULT_ENDPOINT = `http://127.0.0.1:${DEFAULT_PORT}`;
