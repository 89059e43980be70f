import Database from 'libsql'

const busyMs = 5_000

/** Opens the views' file. Whoever finds it locked, as it is for a moment while another opens or closes it, waits. */
export const openViewsFile = (path: string): Database.Database => {
  const db = new Database(path)
  db.pragma(`busy_timeout = ${busyMs}`)
  return db
}
