/** Undoes a part of the start. */
export type Stop = () => void | Promise<void>
