/** What a server says of itself to those who come. */
import type { ServerConfig } from "../session/api.js";

/** Where the server is. Rejects when it cannot be reached or does not answer with JSON. */
export async function loadConfig(url = "/config.json"): Promise<ServerConfig> {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const config = (await response.json()) as ServerConfig;
  return { ...config, guest_url: new URL(config.guest_url, response.url).href }; // the page may be another server's
}
