import { parseArgs } from 'node:util'

const defaultPort = 2113
const defaultMaxAppendSize = 1024 * 1024

export interface NodeOptions {
  /** 0: any free port. */
  readonly port: number
  readonly directory: string
  /** Shut down when standard input ends, as it does when the parent process dies. */
  readonly exitWithStdin: boolean
  /** Scan the directory and exit, instead of serving. */
  readonly check: boolean
  /** Bytes one append may have. */
  readonly maxAppendSize: number
}

/** Throws an `Error` whose message is one plain sentence. */
export const parseNodeArgs = (args: string[], env: NodeJS.ProcessEnv): NodeOptions => {
  const values = parse(args)
  if (values.dir === undefined || values.dir === '') throw new Error('The node needs a directory: --dir.')
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`The port ${values.port} is not valid.`)
  const maxAppendSize = Number(env.EVENTSTORE_MAX_APPEND_SIZE ?? defaultMaxAppendSize)
  if (!Number.isInteger(maxAppendSize) || maxAppendSize < 1) {
    throw new Error('EVENTSTORE_MAX_APPEND_SIZE is not a number of bytes.')
  }
  return { port, directory: values.dir, exitWithStdin: values['exit-with-stdin'], check: values.check, maxAppendSize }
}

const parse = (args: string[]) => {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: String(defaultPort) },
        dir: { type: 'string' },
        'exit-with-stdin': { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new Error(`The arguments are not understood: ${error instanceof Error ? error.message : String(error)}.`)
  }
}
