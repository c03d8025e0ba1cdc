module.exports = { testEnvironment: "jsdom", testEnvironmentOptions: { customExportConditions: ["node"] } };
