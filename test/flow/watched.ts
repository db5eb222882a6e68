/** The Worker as it is, and besides it a complaint about each promise whose failure nobody took care of: workerd's log is silent about those. */
addEventListener("unhandledrejection", ({ reason }) => console.error("unhandled rejection", String(reason)));

export { default } from "../../src/index.ts";
