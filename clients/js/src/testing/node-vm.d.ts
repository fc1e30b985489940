/** Of Node.js only this: with all of its types, the client could use its globals unnoticed. */
declare module "node:vm" {
  export function createContext(): object;
  export function runInContext(code: string, context: object): unknown;
}
