import type { Result } from "./round.ts";

const columns = ["fault", "rounds", "acknowledged", "stored", "delivered", "duplicated", "lost"];
const widths = [58, 6, 12, 6, 9, 10, 4];

/** What all rounds of a row came to. */
export interface Line {
  fault: string;
  rounds: number;
  results: Result[];
}

/** The head of the table, as plain text or as Markdown. */
export function head(isMarkdown: boolean): string {
  if (!isMarkdown) return lineOf(columns);
  return `| ${columns.join(" | ")} |\n| --- |${" ---: |".repeat(columns.length - 1)}`;
}

export function line({ fault, rounds, results }: Line, isMarkdown: boolean): string {
  const sum = (key: "acknowledged" | "stored" | "delivered" | "duplicated" | "lost") => results.reduce((all, one) => all + one[key], 0);
  const cells = [fault, rounds, sum("acknowledged"), sum("stored"), sum("delivered"), sum("duplicated"), sum("lost")].map(String);
  return isMarkdown ? `| ${cells.join(" | ")} |` : lineOf(cells);
}

/** What was broken, and how to see it again. */
export function complaint({ fault, results }: Line): string {
  return results
    .filter(({ breaches }) => breaches.length > 0)
    .map(({ seed, breaches }) => {
      const told = breaches.slice(0, 6).map((breach) => `      ${breach.slice(0, 600)}\n`);
      const rest = breaches.length > 6 ? `      and ${breaches.length - 6} more\n` : "";
      return `   ✗ seed ${seed} (npm run faults -- --only "${fault}" --rounds 1 --seed ${seed})\n${told.join("")}${rest}`;
    })
    .join("");
}

function lineOf(cells: string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join("  ");
}
