import { newControl } from "./control.ts";
import { type Edge, newEdge, newWorkshop } from "./machine.ts";
import { type Fault, play, type Result } from "./round.ts";
import { setups } from "./table.ts";

/** How much of it there is. */
export interface Extent {
  /** About how many actions are in a row's load. */
  size: number;
  /** How often a row is played, unless it says itself. */
  rounds: number;
  /** How often a row under load kills. */
  kills: number;
}

/** The suite's machinery: plays rows one after the other, those of one setup on one edge. */
export async function newSuite() {
  const workshop = await newWorkshop();
  const grounds = new Map<string, Promise<Ground>>();

  /** An edge that was killed from within starts again by itself. */
  const open = async (setup: Fault["setup"]): Promise<Ground> => {
    let edge: Edge | null = null;
    const control = await newControl(() => {
      edge?.kill();
      void edge?.start();
    });
    edge = await newEdge(workshop, setups[setup], control.url);
    const isPlain = "isPlain" in setups[setup];
    return { edge, control, isPlain };
  };
  const close = async (setup: string) => {
    const ground = await grounds.get(setup);
    ground?.edge.stop();
    ground?.control.close();
    grounds.delete(setup);
  };

  return {
    play: async (fault: Fault, { size, kills }: Pick<Extent, "size" | "kills">, seed: number): Promise<Result> => {
      const ground = grounds.get(fault.setup) ?? open(fault.setup);
      grounds.set(fault.setup, ground);
      const { edge, control, isPlain } = await ground;
      const result = await play(fault, { workshop, edge, control: isPlain ? null : control, size, kills }, seed);
      if (result.breaches.length > 0) await close(fault.setup); // the next one is not to suffer from it
      return result;
    },
    said: async (fault: Fault) => (await grounds.get(fault.setup))?.edge.said.join("") ?? "",
    close: async () => {
      for (const setup of [...grounds.keys()]) await close(setup);
      workshop.clear();
    },
  };
}

interface Ground {
  edge: Edge;
  control: Awaited<ReturnType<typeof newControl>>;
  isPlain: boolean;
}
