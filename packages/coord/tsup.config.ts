import { packageConfig } from "../../tsup.base.ts";

export default packageConfig({
  entry: {
    index: "src/index.ts",
    "recipes/index": "src/recipes/index.ts",
    "server/index": "src/server/index.ts",
    "testing/index": "src/testing/index.ts",
    cli: "src/cli/main.ts",
  },
});
