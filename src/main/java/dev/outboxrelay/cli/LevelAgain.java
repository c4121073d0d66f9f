// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Reads the configuration file again, and changes how much is logged to what it says. The other
 * settings are those of the start: to change them in a process that works would be one more way to
 * be half of each.
 */
final class LevelAgain implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(LevelAgain.class);
  private static final String FLAG = "--log-level";

  private final CommandSpec command;

  LevelAgain(CommandSpec command) {
    this.command = command;
  }

  @Override
  public void run() {
    Environment environment = Environment.of(command);
    try {
      FileSettings before = environment.file();
      if (before == null) {
        LOG.info("SIGHUP: there is no configuration file to read; SIGTERM stops the program");
        return;
      }
      environment.read(
          ConfigFile.read(before.path(), new Misspelt(command.root().subcommands().values())));
    } catch (UserError e) {
      LOG.warn("SIGHUP: {}; nothing was changed", e.getMessage());
      return;
    }
    if (command.commandLine().getParseResult().hasMatchedOption(FLAG)) {
      LOG.info("SIGHUP: {} is given as a flag, and stays", FLAG);
      return;
    }
    OptionSpec option = command.findOption(FLAG);
    String set = environment.defaultValue(option);
    String text = set == null ? option.defaultValue() : set;
    for (LogLevel level : LogLevel.values()) {
      if (level.name().equalsIgnoreCase(text)) {
        LOG.info("SIGHUP: logs at level {}; other settings need a new start", text);
        level.apply();
        return;
      }
    }
    LOG.warn("SIGHUP: log-level {} is none of error, warn, info, debug; nothing was changed", text);
  }
}
