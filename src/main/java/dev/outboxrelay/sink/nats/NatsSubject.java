// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.Template;
import dev.outboxrelay.values.Message;
import java.util.regex.Pattern;

/** The subject of a destination's messages. */
final class NatsSubject {
  private static final int MAX_CHARS = 1_000;

  /** What a $ begins belongs to the server: its interfaces are not to be called. */
  private static final Pattern SOUND =
      Pattern.compile("[^$.*>{}\\s][^.*>{}\\s]*(\\.[^.*>{}\\s]+)*");

  private static final Pattern UNFIT = Pattern.compile("[.*>\\s$\\p{Cntrl}]");

  private final Template template;

  private NatsSubject(Template template) {
    this.template = template;
  }

  static NatsSubject parse(String path) {
    return new NatsSubject(Template.parse("the subject", path, SOUND));
  }

  /** A value is one token of the subject. */
  String of(Message message) {
    String subject = template.fill(message, value -> UNFIT.matcher(value).replaceAll("_"));
    if (subject.length() > MAX_CHARS) {
      throw new IllegalArgumentException(
          "its subject has "
              + subject.length()
              + " characters, at most "
              + MAX_CHARS
              + " can be sent");
    }
    return subject;
  }
}
