import { Context, type Liquid } from "liquidjs";

/** What one rendering may cost, in characters read, made and walked over. A hundred times what a large body takes. */
const most = 1_000_000;

/** What each piece of a template costs besides. */
const perPiece = 10;

/** Thrown when a rendering is ended. */
export class Overspent extends Error {
  override readonly name = "Overspent";
  constructor() {
    super("it does too much: a loop in a loop, or a text that keeps growing. Make it simpler");
  }
}

/**
 * What a rendering has spent. Not time: a Worker's clock stands still while code runs, so liquidjs's own limit of time never ends
 * anything there. It takes the place of both limits: `use` is told of what is made, `check` is called before each piece.
 */
class Budget {
  #spent = 0;

  use(cost: number): void {
    if (cost > 0) this.#spent += cost;
    if (this.#spent > most) throw new Overspent();
  }

  check(): void {
    this.use(perPiece);
  }
}

/** Where a rendering finds its names. Reading a value costs its size, so nothing is done with a large one for nothing. */
export class Metered extends Context {
  constructor(scope: object, liquid: Liquid) {
    const budget = new Budget() as unknown as Context["memoryLimit"]; // its type has private fields, but only these two are called
    super(scope, liquid.options, { sync: true }, { memoryLimit: budget, renderLimit: budget, liquid });
  }

  override readProperty(...at: Parameters<Context["readProperty"]>): unknown {
    const value: unknown = super.readProperty(...at);
    this.memoryLimit.use(sizeOf(value));
    return value;
  }
}

/** The characters of a text, the keys of an object, the sizes of a list's members together. */
export function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce<number>((size, member) => size + sizeOf(member), 1);
  return typeof value === "object" && value !== null ? Object.keys(value).length + 1 : 1;
}
