import { defineConfig } from "vitepress";

export default defineConfig({
  title: "Tutti",
  description: "TypeScript programs that act as one",
  srcExclude: ["**/node_modules/**"],
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Guide", link: "/guide/rdd" },
      { text: "API", link: "/api/" },
    ],
  },
});
