// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** What a failure means for the message that the library tells it of. */
enum Verdict {
  /** The brokers do not want it. */
  REFUSED,
  /** The brokers cannot take it now, whatever it is. */
  LATER,
  /** Another message of its batch was refused. */
  NEIGHBOUR,
  /** The producer takes nothing more, whatever it is. */
  FATAL;

  static Verdict of(Exception problem) {
    if (problem instanceof AuthenticationException
        || problem instanceof ClusterAuthorizationException
        || problem instanceof ProducerFencedException
        || problem instanceof UnsupportedVersionException) {
      return FATAL;
    }
    if (problem instanceof RetriableException
        || problem instanceof OutOfOrderSequenceException
        || problem instanceof InvalidProducerEpochException
        || problem instanceof InvalidPidMappingException) {
      return LATER;
    }
    return problem.getClass() == KafkaException.class ? NEIGHBOUR : REFUSED;
  }
}
