/** The server cannot be used; the message is one sentence for the operator. */
export class BusUnavailable extends Error {}
