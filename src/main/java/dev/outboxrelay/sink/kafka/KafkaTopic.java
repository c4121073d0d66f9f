// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.Template;
import dev.outboxrelay.sink.tcp.Printable;
import dev.outboxrelay.values.Message;
import java.util.regex.Pattern;

/** The topic of a destination's messages. */
final class KafkaTopic {
  private static final int MAX_CHARS = 249;
  private static final int MAX_WORDS = 200;

  /** What two underscores begin belongs to the brokers. */
  private static final Pattern SOUND =
      Pattern.compile("(?!__|[.]{1,2}$)[A-Za-z0-9._-]{1," + MAX_CHARS + "}");

  private static final Pattern UNFIT = Pattern.compile("[^A-Za-z0-9._-]");

  private final Template template;

  private KafkaTopic(Template template) {
    this.template = template;
  }

  static KafkaTopic parse(String path) {
    return new KafkaTopic(Template.parse("the topic", path, SOUND));
  }

  /**
   * What does not fit into a topic becomes an underscore.
   *
   * @throws IllegalArgumentException when it cannot be one, in words
   */
  String of(Message message) {
    String topic = template.fill(message, value -> UNFIT.matcher(value).replaceAll("_"));
    if (!SOUND.matcher(topic).matches()) {
      throw new IllegalArgumentException(
          "its topic would be '"
              + Printable.text(topic, MAX_WORDS)
              + "': at most "
              + MAX_CHARS
              + " characters, not . or .., and not __ first");
    }
    return topic;
  }
}
