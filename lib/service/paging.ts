import { z } from "zod";

/** Query of a list: pages from 1, of 50 entries unless it says otherwise. */
export const paging = z.strictObject({
  page: z.coerce.number().pipe(z.int().min(1).max(1_000_000)).default(1),
  size: z.coerce.number().pipe(z.int().min(1).max(100)).default(50),
});

/** A page of a list as it is answered. */
export const pageSchema = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), page: z.int(), size: z.int(), total: z.int() });

/** Entries of a page, and how many there are in all. */
export function pageOf<T>(all: readonly T[], { page, size }: z.output<typeof paging>) {
  return { items: all.slice((page - 1) * size, page * size), page, size, total: all.length };
}
