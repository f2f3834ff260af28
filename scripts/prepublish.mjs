// What `vsce` runs before it packs: a production build, unless scripts/package.mjs has just made one.
if (!process.env.LOCAL_LAMBDA_PREBUILT) {
  process.argv.push('--production');
  await import('./build.mjs');
}
