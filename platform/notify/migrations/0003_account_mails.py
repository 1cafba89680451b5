from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notify', '0001_initial_squashed_0002'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='delivery',
            name='delivery_has_one_reader',
        ),
        migrations.AddField(
            model_name='delivery',
            name='expires_at',
            field=models.DateTimeField(blank=True, help_text='when its link works no more', null=True),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='outcome',
            field=models.CharField(blank=True, choices=[('', 'Waiting'), ('sent', 'Accepted by the mail server'), ('refused', 'Refused'), ('unneeded', 'No longer needed'), ('over', 'Its link was over before it could be sent')], default='', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('user__isnull', False), models.Q(('address', ''), _negated=True), _connector='OR'), name='delivery_has_a_reader'),
        ),
    ]
