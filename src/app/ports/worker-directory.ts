/** Who a worker is. */
export interface WorkerCard {
  engine: string
  /** `<installation>.<life>`, as the events of its runs name it. */
  instance: string
  /** Runs at a time. */
  concurrency: number
  host: string
  pid: number
}

/** What a worker has done since its start. */
export interface WorkerStats {
  /** Jobs in hand. */
  active: number
  /** Of these, runs that are paused and whose stage is not over yet. */
  paused: number
  finished: number
  /** Attempts that failed, tried again or not. */
  failed: number
  /** ISO time. */
  startedAt: string
}

/** Where workers are found while they live. */
export interface WorkerDirectory {
  /** Answers how to withdraw. */
  announce(card: WorkerCard, stats: () => WorkerStats): Promise<() => Promise<void>>
}
