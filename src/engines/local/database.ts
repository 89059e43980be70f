import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import { canceled, checkSignal, toStageError } from './errors.ts'
import { literal } from './sql.ts'

export interface Bindings {
  values: Record<string, DuckDBValue>
  types: Record<string, DuckDBType>
}

/** One DuckDB of its own, in memory, that reaches only the files it was opened for. It rejects with StageErrors. */
export interface Database {
  run(sql: string, signal: AbortSignal, bindings?: Bindings): Promise<DuckDBMaterializedResult>
  use<T>(signal: AbortSignal, work: (connection: DuckDBConnection) => Promise<T>): Promise<T>
  /** The same DuckDB with temporary tables of its own; this one closes it. */
  beside(): Promise<Database>
  /** Waits for what is under way: a connection must not be closed under a running query. */
  close(): Promise<void>
}

/** Absolute paths of what DuckDB may reach. */
interface Reach {
  files: string[]
  /** To read and write in. */
  folder: string
  /** For what memory cannot hold. */
  spill: string
  /** The tenant's directory: messages name files relative to it. */
  root: string
}

const memoryLimit = '1GB'
const spillLimit = '10GB'
/** An interrupt that comes before DuckDB has begun the query is lost, so it is sent again until the query ends. */
const interruptEveryMs = 20

export const openDatabase = async (reach: Reach): Promise<Database> => {
  const instance = await DuckDBInstance.create(':memory:', {
    // One thread: runs share the cores between them, and the order of rows, so the bytes of a file, stay the same.
    threads: '1',
    memory_limit: memoryLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // It tells files by path, size and time: one that is written anew within that time would be read as it was.
    enable_external_file_cache: 'false',
  })
  const database = connected(instance, await instance.connect(), reach.root)
  await database.run(sandbox(reach), new AbortController().signal)
  const close = async () => {
    await database.close()
    instance.closeSync()
  }
  return { ...database, close }
}

/** Messages name files relative to `root`. */
const connected = (instance: DuckDBInstance, connection: DuckDBConnection, root: string): Database => {
  const underWay = new Set<Promise<unknown>>()
  const others: Database[] = []

  const use = async <T>(signal: AbortSignal, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> => {
    const running = interruptible(connection, signal, work).catch((error: unknown) => {
      throw signal.aborted ? canceled() : toStageError(error, [root])
    })
    underWay.add(running)
    try {
      return await running
    } finally {
      underWay.delete(running)
    }
  }
  return {
    use,
    run: (sql, signal, bindings) => use(signal, () => connection.run(sql, bindings?.values, bindings?.types)),
    beside: async () => {
      const other = connected(instance, await instance.connect(), root)
      others.push(other)
      return other
    },
    close: async () => {
      await Promise.allSettled([...underWay, ...others.map((other) => other.close())])
      connection.closeSync()
    },
  }
}

/** What may be reached is said first: from `enable_external_access = false` on, DuckDB takes no more of it. */
const sandbox = ({ files, folder, spill }: Reach): string =>
  [
    ...(files.length > 0 ? [`SET allowed_paths = [${files.map(literal).join(', ')}]`] : []),
    `SET allowed_directories = [${literal(`${folder}/`)}]`,
    `SET temp_directory = ${literal(spill)}`,
    `SET max_temp_directory_size = ${literal(spillLimit)}`,
    `SET TimeZone = 'UTC'`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ].join(';\n')

const interruptible = async <T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> => {
  checkSignal(signal)
  let timer: NodeJS.Timeout | undefined
  const interrupt = () => {
    connection.interrupt()
    timer = setInterval(() => connection.interrupt(), interruptEveryMs)
  }
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    return await work(connection)
  } finally {
    signal.removeEventListener('abort', interrupt)
    clearInterval(timer)
  }
}
