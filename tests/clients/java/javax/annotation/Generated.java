package javax.annotation;

/** What a generated client takes from jakarta.annotation-api, only as far as the compiler asks. */
public @interface Generated {
  String[] value();

  String date() default "";

  String comments() default "";
}
