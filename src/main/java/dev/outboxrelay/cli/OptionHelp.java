// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.IOptionRenderer;
import picocli.CommandLine.Help.IParamLabelRenderer;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Shows a flag in {@code --help} with one more line: its environment variable, if it has one, and
 * its default. They come from the definition of the flag, so that help cannot say anything else
 * than what happens.
 */
final class OptionHelp implements IOptionRenderer {
  private final IOptionRenderer rows;

  OptionHelp(IOptionRenderer rows) {
    this.rows = rows;
  }

  @Override
  public Text[][] render(OptionSpec option, IParamLabelRenderer labels, ColorScheme colors) {
    Text[][] usual = rows.render(option, labels, colors);
    String line = line(option);
    if (line.isEmpty()) {
      return usual;
    }
    Text[] row = new Text[usual[0].length];
    Arrays.fill(row, Ansi.OFF.text(""));
    row[row.length - 1] = Ansi.OFF.text(line);
    List<Text[]> all = new ArrayList<>(List.of(usual));
    all.add(row);
    return all.toArray(Text[][]::new);
  }

  private static String line(OptionSpec option) {
    String standard = option.defaultValue() == null ? "" : "default " + option.defaultValue();
    if (!Environment.hasVariable(option)) {
      return standard;
    }
    return Environment.variable(option) + (standard.isEmpty() ? "" : ", " + standard);
  }
}
