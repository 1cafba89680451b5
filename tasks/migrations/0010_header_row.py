from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0009_later_checks'),
    ]

    operations = [
        migrations.AddField(
            model_name='mapping',
            name='header_row',
            field=models.PositiveIntegerField(default=1, help_text='where the header stood, from 1'),
        ),
    ]
