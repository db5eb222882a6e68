/** Answers questions of the parent process, each a name and an argument. Ends with the parent, and after `stop`. */
export function answerAs(answers: Record<string, (argument: never) => Promise<unknown>>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", async ({ number, name, argument }: { number: number; name: string; argument: unknown }) => {
    try {
      const answer = await answers[name]?.(argument as never);
      process.send?.({ number, answer: answer ?? null }, undefined, {}, () => {
        if (name === "stop") process.exit(0);
      });
    } catch (error) {
      process.send?.({ number, error: String(error) });
    }
  });
  process.send?.({ number: 0, answer: null });
}
