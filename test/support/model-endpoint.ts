export * from "../../src/demo/scripted-model.js";
