import type { LineageEdgeRow } from '../../../../../projections/lineage.ts'
import type { Dataset } from '../../../../domain/run/lineage.ts'

export type JobNode = { id: string; type: 'job'; pipeline: string; stage: string }
export type DatasetNode = { id: string; type: 'dataset' } & Dataset

/** Every node and edge once, in the order in which they were come upon. */
export class Graph<Node extends { id: string }> {
  readonly #nodes = new Map<string, Node | JobNode | DatasetNode>()
  readonly #edges = new Map<string, { from: string; to: string }>()

  /** Answers the node's id. */
  add(node: Node | JobNode | DatasetNode): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node)
    return node.id
  }

  addJob({ pipeline, stage }: LineageEdgeRow): string {
    return this.add({ id: `job:${pipeline}.${stage}`, type: 'job', pipeline, stage })
  }

  addDataset({ namespace, name }: Dataset): string {
    return this.add({ id: `dataset:${namespace}/${name}`, type: 'dataset', namespace, name })
  }

  connect(from: string, to: string): void {
    this.#edges.set(JSON.stringify([from, to]), { from, to })
  }

  get nodes(): (Node | JobNode | DatasetNode)[] {
    return [...this.#nodes.values()]
  }

  get edges(): { from: string; to: string }[] {
    return [...this.#edges.values()]
  }
}
