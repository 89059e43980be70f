import { type ColumnInput, type Influence, isDirect } from '../../../../domain/run/lineage.ts'

export const transformationsOf = (influences: readonly Influence[]) =>
  influences.map((subtype) => ({ type: isDirect(subtype) ? ('DIRECT' as const) : ('INDIRECT' as const), subtype }))

export const shownInput = ({ namespace, name, column, influences }: ColumnInput) => ({
  namespace,
  name,
  column,
  transformations: transformationsOf(influences),
})
