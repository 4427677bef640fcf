const { app } = require('electron');

// Playwright's loader sets this switch and so takes away what the command line said.
const features = app.commandLine.getSwitchValue('enable-features').split(',');
app.commandLine.appendSwitch('enable-features', [...features, 'Vulkan'].join(','));
