// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The flags of this class have no environment variables: they say what is to be done now, and what
 * stands in an environment lasts. A variable that somebody forgot must not choose what is
 * discarded.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface WithoutVariables {}
