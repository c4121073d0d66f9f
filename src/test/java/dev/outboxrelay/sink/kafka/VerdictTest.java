// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasAfterAppendException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

final class VerdictTest {

  /** A message is charged for what is its own fault only. */
  @Test
  void failure_ofEachKind_meansOneThing() {
    Map<Exception, Verdict> expected =
        Map.ofEntries(
            Map.entry(new RecordTooLargeException("a"), Verdict.REFUSED),
            Map.entry(new InvalidRecordException("a"), Verdict.REFUSED),
            Map.entry(new InvalidTopicException("a"), Verdict.REFUSED),
            Map.entry(new TopicAuthorizationException(Set.of("a")), Verdict.REFUSED),
            Map.entry(new NotEnoughReplicasException("a"), Verdict.LATER),
            Map.entry(new NotEnoughReplicasAfterAppendException("a"), Verdict.LATER),
            Map.entry(new TimeoutException("a"), Verdict.LATER),
            Map.entry(new BufferExhaustedException("a"), Verdict.LATER),
            Map.entry(new UnknownTopicOrPartitionException("a"), Verdict.LATER),
            Map.entry(new OutOfOrderSequenceException("a"), Verdict.LATER),
            Map.entry(new KafkaException("of a batch"), Verdict.NEIGHBOUR),
            Map.entry(new SaslAuthenticationException("a"), Verdict.FATAL),
            Map.entry(new ClusterAuthorizationException("a"), Verdict.FATAL));
    expected.forEach(
        (problem, verdict) -> assertEquals(verdict, Verdict.of(problem), problem.toString()));
  }
}
