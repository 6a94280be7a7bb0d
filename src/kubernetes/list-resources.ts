/** Reads a list once, page by page: for those who ask and go. Whoever stays uses a ResourceWatch. */
import { type ApiClient, type ResourceLocation, resourcePath } from "./api-client.ts";

/** Of each page; the API server's own clients use the same. */
const PAGE_SIZE = 500;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly metadata?: { readonly continue?: string };
}

/** Every object of a kind, without `apiVersion` and `kind`, as lists hold them. Rejects as `request` does, also between pages. */
export async function listResources<Item>(
  client: ApiClient,
  location: ResourceLocation,
  query: Readonly<Record<string, string>> = {},
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: string | undefined;
  do {
    const paging = { limit: String(PAGE_SIZE), ...(next !== undefined && { continue: next }) };
    const page = await client.request<Page<Item>>({
      method: "GET",
      path: resourcePath(location),
      query: { ...query, ...paging },
    });
    items.push(...page.items);
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return items;
}
