// The tests need a newer Node than the plugin, the build and the demo: one line instead of a stack.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `The tests need Node 20.19 or newer, and this is ${process.version}. ./install.sh and --demo work with 18.19.`,
  );
  process.exit(1);
}
