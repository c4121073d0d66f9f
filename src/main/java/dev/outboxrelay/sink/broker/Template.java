// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A subject, topic or routing key with places for what a message is about: {@code
 * orders.{schema}.{table}}.
 */
public final class Template {
  private static final Pattern PLACE = Pattern.compile("\\{([^{}]*)}");
  private static final Set<String> KNOWN =
      Set.of("schema", "table", "op", "type", "key", "destination");

  private final String text;

  private Template(String text) {
    this.text = text;
  }

  /**
   * Reads one.
   *
   * @param sound what it must look like, an x standing for each place
   * @throws IllegalArgumentException what is wrong with it
   */
  public static Template parse(String what, String text, Pattern sound) {
    Matcher place = PLACE.matcher(text);
    while (place.find()) {
      if (!KNOWN.contains(place.group(1))) {
        throw new IllegalArgumentException(
            what
                + " '"
                + text
                + "' has {"
                + place.group(1)
                + "}, known are {schema}, {table},"
                + " {op}, {type}, {key}, {destination}");
      }
    }
    if (!sound.matcher(PLACE.matcher(text).replaceAll("x")).matches()) {
      throw new IllegalArgumentException(what + " '" + text + "' cannot be one");
    }
    return new Template(text);
  }

  /**
   * Fills it in.
   *
   * @param fit makes a value fit for its place
   * @throws IllegalArgumentException when the message has no such value
   */
  public String fill(Message message, UnaryOperator<String> fit) {
    if (text.indexOf('{') < 0) {
      return text;
    }
    Label label = message.label();
    StringBuilder out = new StringBuilder();
    Matcher place = PLACE.matcher(text);
    int at = 0;
    while (place.find()) {
      String name = place.group(1);
      String value =
          name.equals("destination")
              ? message.destination()
              : label == null ? null : value(label, name);
      if (value == null || value.isEmpty()) {
        throw new IllegalArgumentException(
            "'" + text + "' needs a " + name + ", which the message does not have");
      }
      out.append(text, at, place.start()).append(fit.apply(value));
      at = place.end();
    }
    return out.append(text, at, text.length()).toString();
  }

  private static @Nullable String value(Label label, String place) {
    return switch (place) {
      case "schema" -> label.schema();
      case "table" -> label.table();
      case "op" -> label.op();
      case "type" -> label.type();
      default -> label.key();
    };
  }
}
