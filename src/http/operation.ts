import type { Context } from 'hono'
import type { z } from 'zod'
import type { Action } from '../auth/actions.ts'
import type { Code } from '../domain/codes.ts'
import type { Env } from './context.ts'

/** The bundles of evidence: src/evidence/verifier/bundle.ts. */
type BundleType = 'application/vnd.ledgerline.evidence+json' | 'application/vnd.ledgerline.evidence-chain'

/** `text/event-stream` does not end by itself; it is resumed by Last-Event-ID. */
type MediaType =
  | 'application/json'
  | 'text/event-stream'
  | 'text/csv'
  | 'application/x-ndjson'
  | 'text/plain'
  | 'application/octet-stream'
  | 'application/sarif+json'
  | BundleType

/** What a request brings, parsed by the schemas of its operation. */
interface Input<Query, Body> {
  query: Query
  body: Body
}

/**
 * One operation of a dialect, whole: the route, what the policy is asked, what goes in and what comes out. The router,
 * the OpenAPI document and the tests that walk all routes are made from it.
 */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'delete'
  /** As OpenAPI writes it, below the dialect's prefix: `/trigger/{pipeline}`, `/{pipeline_id}:run`. */
  path: string
  /** One line, for the document. */
  summary: string
  action: Action
  /** A command's own event is its record, when it succeeds; everything else is recorded as a call. */
  kind: 'command' | 'query'
  /** Answered only when the record of the call is durable: what is read here is evidence itself. */
  recordedFirst?: boolean
  /** The path parameter that names a tenant: of one in LEDGER_PUBLIC anybody may ask, without a token. */
  publicBy?: string
  /** What a path parameter is, by name. */
  parameters: Readonly<Record<string, string>>
  query?: z.ZodType
  /** Names in the query whose values may name a person; what is not a pseudonym is left out of the record. */
  personal?: readonly string[]
  body?: z.ZodType
  /**
   * The answer when all went well, by status. Its `type` is application/json unless it is said; `or` are the types of
   * text that may be asked for instead.
   */
  answers: Readonly<
    Record<number, { description: string; schema: z.ZodType; type?: MediaType; or?: readonly MediaType[] }>
  >
  /** Codes that only this operation's rules give; those that any operation may give are added by the dialect. */
  codes: readonly Code[]
  handle(c: Context<Env>, input: Input<unknown, unknown>): Promise<Response>
}

interface Typed<Query extends z.ZodType, Body extends z.ZodType> extends Omit<Operation, 'query' | 'body' | 'handle'> {
  query?: Query
  body?: Body
  handle(c: Context<Env>, input: Input<z.output<Query>, z.output<Body>>): Promise<Response>
}

/** Ties the types of an operation's schemas to its handler. */
export const operation = <Query extends z.ZodType, Body extends z.ZodType>(typed: Typed<Query, Body>): Operation =>
  // The router parses the input by these very schemas before it calls the handler.
  typed as Operation
